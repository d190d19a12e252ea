import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRoute } from 'wouter'
import { signOut } from '../http/session.ts'
import { getSystem, type System } from '../http/system.ts'
import { Icon } from '../design/icon.tsx'
import { useConnection } from '../live/live-provider.tsx'
import styles from './header.module.css'

const useSystem = (): System | undefined =>
  useQuery({ queryKey: ['system'], queryFn: ({ signal }) => getSystem(signal), staleTime: Number.POSITIVE_INFINITY })
    .data

const CONNECTION_WORDS = { connecting: 'Connecting', open: 'Live', lost: 'Connection lost' } as const

const ConnectionSign = () => {
  const { connection } = useConnection()
  return (
    <span className={styles.connection} data-status={connection.status} role="status" data-testid="connection">
      {CONNECTION_WORDS[connection.status]}
    </span>
  )
}

/** A gate half raised over running water; the same drawing as `favicon.svg`. */
const Mark = () => <img src="/favicon.svg" width="28" height="28" alt="" />

const NavLink = ({ href, under, children }: { href: string; under: string; children: string }) => {
  const [isPage] = useRoute(href)
  const [isBelow] = useRoute(under)
  return (
    <Link href={href} className={styles.link} aria-current={isPage ? 'page' : isBelow ? 'true' : undefined}>
      {children}
    </Link>
  )
}

/** What is asked for next is answered with 401, which brings the page to sign in. */
const SignOut = () => {
  const queries = useQueryClient()
  const leave = useMutation({ mutationFn: signOut, onSuccess: () => queries.invalidateQueries() })
  return (
    <button type="button" disabled={leave.isPending} onClick={() => leave.mutate()}>
      Sign out
    </button>
  )
}

/** Leads to the documentation of the API, and to the Temporal Web UI where the server says where that is. */
const OutwardLinks = () => {
  const system = useSystem()
  const uiUrl = system?.temporal.uiUrl
  return (
    <>
      <a href="/docs">API</a>
      {uiUrl && (
        <a href={uiUrl} target="_blank" rel="noreferrer">
          Temporal <Icon name="outward" size={13} />
        </a>
      )}
      <SignOut />
    </>
  )
}

export const Header = () => (
  <header className={styles.header}>
    <div className={styles.inner}>
      <Link href="/" className={styles.brand}>
        <Mark /> Sluice
      </Link>
      <nav className={styles.nav} aria-label="Pages">
        <NavLink href="/" under="/jobs/:id">
          Jobs
        </NavLink>
        <NavLink href="/library" under="/library/:id">
          Library
        </NavLink>
      </nav>
      <div className={styles.outward}>
        <OutwardLinks />
      </div>
      <ConnectionSign />
    </div>
  </header>
)

/** The header's outward links again, where a phone has no room for them above. */
export const Footer = () => (
  <footer className={styles.footer}>
    <OutwardLinks />
  </footer>
)
