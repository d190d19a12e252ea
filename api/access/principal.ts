/** What a signed-in caller may do, weakest first; each may do what those before it may. */
export const ROLES = ['viewer', 'editor', 'manager', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Who asks. */
export interface Principal {
  /** Owner of what they submit. */
  subject: string
  role: Role
}

export const hasRole = (principal: Principal, role: Role): boolean =>
  ROLES.indexOf(principal.role) >= ROLES.indexOf(role)

/** Whether jobs and media of `owner` exist for this caller. */
export const maySee = (principal: Principal, owner: string): boolean =>
  principal.subject === owner || hasRole(principal, 'admin')

/** Restriction of lists to what {@link maySee} allows; null: everybody's. */
export const visibleOwner = (principal: Principal): string | null =>
  hasRole(principal, 'admin') ? null : principal.subject

/** The one account that exists from the first start. */
export const OWNER: Principal = { subject: 'owner', role: 'admin' }
