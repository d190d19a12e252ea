import { accessSync, constants, mkdirSync } from 'node:fs'
import { StartError } from './start-error.ts'

/** Why a directory can't be had, by the codes of errno(3); what comes of no typing mistake keeps its own words. */
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'it is a file',
  // Also what Node makes of a file system that can only be read, where more than one folder is missing.
  ENOENT: "it can't be made there",
  ENOTDIR: 'part of its path is a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system can only be read',
  ENOSPC: 'the disk is full',
}

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error))
}

export const unusableDataDirectory = (dataDir: string, error: unknown): StartError =>
  new StartError(
    `The data directory ${dataDir} can't be used: ${reasonOf(error)}. Choose another with SLUICE_DATA, or correct this one.`,
  )

/** Makes the data directory where it is not there yet. @throws StartError where it can't be made or written to. */
export const makeDataDirectory = (dataDir: string): void => {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unusableDataDirectory(dataDir, error)
  }
}
