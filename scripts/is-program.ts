import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

const runs = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for this user: either way it can't be run.
    return false
  }
}

/** Whether a setting names a program: a whole path, or a name that the folders of PATH are searched for. */
export const isProgram = (program: string, searchPath: string): boolean => {
  if (isAbsolute(program)) return runs(program)
  // Relative to what? The processes run in the project's folder, whatever the caller's was.
  if (program.includes('/')) return false
  return searchPath.split(delimiter).some((folder) => folder !== '' && runs(join(folder, program)))
}
