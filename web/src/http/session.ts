import { UnreachableError } from './request.ts'

/** Takes the page's cookie away. @throws UnreachableError where nothing answers. */
export const signOut = async (): Promise<void> => {
  await fetch('/sign-out', { method: 'POST' }).catch((error: unknown) => {
    throw new UnreachableError(error)
  })
}
