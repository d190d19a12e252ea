import { Button } from '../design/button.tsx'
import { PageTitle } from '../design/page-title.tsx'
import styles from './sign-in-page.module.css'

/** Where a call was answered with 401: there is no password to ask for, the link carries the token. */
export const SignInPage = () => (
  <main className={styles.page}>
    <div className={styles.card}>
      <img src="/favicon.svg" width="56" height="56" alt="" />
      <PageTitle name="Sign in">Sign in to Sluice</PageTitle>
      <p>
        This browser is not signed in. Open the <strong>sign-in link</strong> that Sluice prints as it starts; it leads
        back here.
      </p>
      <ol className={styles.steps}>
        <li>
          Go to the terminal in which <code>npm start</code> runs.
        </li>
        <li>Find the line with the sign-in link, and open that address in this browser.</li>
        <li>The browser stays signed in. Keep the link to yourself: it opens everything.</li>
      </ol>
      <Button icon="retry" onClick={() => location.reload()}>
        I have opened it
      </Button>
    </div>
  </main>
)
