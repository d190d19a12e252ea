import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { isSignedOut, UnreachableError } from '../http/request.ts'
import { Announcer } from '../jobs/announcer.tsx'
import { JobPage } from '../jobs/job-page.tsx'
import { JobsPage } from '../jobs/jobs-page.tsx'
import { LibraryPage } from '../library/library-page.tsx'
import { MediaPage } from '../library/media-page.tsx'
import { LiveProvider } from '../live/live-provider.tsx'
import styles from './app.module.css'
import { ConnectionNote } from './connection-note.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { Footer, Header } from './header.tsx'
import { NewMedia } from './new-media.tsx'
import { NotFoundPage } from './not-found-page.tsx'
import { SignInPage } from './sign-in-page.tsx'

const createQueries = (onSignedOut: () => void): QueryClient => {
  const onError = (error: Error): void => {
    if (isSignedOut(error)) onSignedOut()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The socket tells of changes; a problem answered stays the same problem, only a lost connection may pass.
        refetchOnWindowFocus: false,
        retry: (failures, error) => error instanceof UnreachableError && failures < 2,
      },
    },
  })
}

/** Keyed by the address, so that leaving a page that broke leaves its error behind too. */
const Pages = () => {
  const [address] = useLocation()
  return (
    <ErrorBoundary key={address}>
      <Switch>
        <Route path="/" component={JobsPage} />
        <Route path="/jobs/:id">{({ id }) => <JobPage key={id} id={id} />}</Route>
        <Route path="/library" component={LibraryPage} />
        <Route path="/library/:id">{({ id }) => <MediaPage key={id} id={id} />}</Route>
        <Route component={NotFoundPage} />
      </Switch>
    </ErrorBoundary>
  )
}

const SignedIn = () => (
  <LiveProvider>
    <a href="#main" className={styles.skip}>
      Skip to the content
    </a>
    <Header />
    <ConnectionNote />
    <main id="main" className={styles.main}>
      <Pages />
    </main>
    <Footer />
    <Announcer />
    <NewMedia />
  </LiveProvider>
)

export const App = () => {
  const [signedOut, setSignedOut] = useState(false)
  const [queries] = useState(() => createQueries(() => setSignedOut(true)))
  useEffect(() => {
    // What one person saw must not wait here for the next.
    if (signedOut) queries.clear()
  }, [signedOut, queries])
  return <QueryClientProvider client={queries}>{signedOut ? <SignInPage /> : <SignedIn />}</QueryClientProvider>
}
