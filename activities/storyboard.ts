import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { StoryboardGeometry } from '../contract/plan.ts'
import type { Products, StoryboardInput, TranscodedChunk } from '../contract/steps.ts'
import { sheetsFromSourceArgs, sheetsFromTilesArgs, type SheetJob } from '../tools/ffmpeg-frames.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { sheetName, storyboardVtt } from '../tools/storyboard-vtt.ts'
import { contentTypeOf } from './content-type.ts'
import { sheetCount } from './plan-weights.ts'
import { commitProducts, findProducts, type MadeProduct } from './products.ts'
import { runStep, type StepDeps, type StepRun } from './step.ts'
import { toolContext } from './tool-context.ts'
import { saysUnreadable } from './unreadable-picture.ts'

/** Makes the sheets of small pictures that a player shows while seeking, and the WebVTT file that says which is where. */
export const createStoryboard =
  (deps: StepDeps) =>
  (input: StoryboardInput): Promise<Products> =>
    runStep(deps, input.ref, async (run) => {
      const { plan, ref } = input
      const { storyboard, storyboardFrom } = plan.thumbnails
      if (!storyboard || storyboardFrom === 'none') return { files: [] }
      const key = `${ref.jobId}/${plan.hash}/storyboard`
      const finished = await findProducts(deps, key)
      if (finished) return finished

      const dir = join(run.scratchDir, 'storyboard')
      await mkdir(dir)
      try {
        const sheets = await drawSheets(deps, run, { input, storyboard, dir })
        await writeFile(join(dir, 'storyboard.vtt'), storyboardVtt(storyboard, plan.durationMs ?? 0))
        return await commitProducts(deps, { dir, key, made: productsOf(storyboard, sheets) })
      } catch (error) {
        if (!saysUnreadable(error)) throw error
        run.log.warn({ err: error }, 'no storyboard can be made of this picture')
        return { files: [] }
      }
    })

/** All tiles in one folder: chunks number theirs through. */
const gatherTiles = async (deps: StepDeps, run: StepRun, chunks: readonly TranscodedChunk[]): Promise<string> => {
  const dir = join(run.scratchDir, 'tiles')
  await mkdir(dir)
  for (const { key } of chunks) {
    const tilesDir = await deps.store.read(`${key}/tiles`)
    for (const tile of await readdir(tilesDir)) await symlink(join(tilesDir, tile), join(dir, tile))
  }
  return dir
}

/** Returns the names of the sheets in order. */
const drawSheets = async (
  deps: StepDeps,
  run: StepRun,
  { input, storyboard, dir }: { input: StoryboardInput; storyboard: StoryboardGeometry; dir: string },
): Promise<string[]> => {
  const args = await sheetArgs(deps, run, { input, job: { storyboard, pattern: join(dir, 'storyboard-%03d.jpg') } })
  const { durationMs } = input.plan
  await runFfmpeg(toolContext(deps, run), {
    args,
    totalMs: durationMs,
    onProgress: (progress) => run.report(progress),
  })
  const sheets = (await readdir(dir)).toSorted()
  const expected = Array.from({ length: sheetCount(storyboard) }, (_, index) => sheetName(index + 1))
  if (sheets.join() !== expected.join()) {
    throw new SluiceError('OutputInvalid', `The storyboard has ${sheets.length} instead of ${expected.length} sheets.`)
  }
  return sheets
}

const productsOf = (storyboard: StoryboardGeometry, sheets: readonly string[]): MadeProduct[] => {
  const width = storyboard.columns * storyboard.tileWidth
  const height = storyboard.rows * storyboard.tileHeight
  return [
    product('storyboard.vtt', { role: 'storyboard', width: null, height: null }),
    ...sheets.map((sheet) => product(sheet, { role: 'storyboard-image', width, height })),
  ]
}

const product = (file: string, rest: Pick<MadeProduct, 'role' | 'width' | 'height'>): MadeProduct => ({
  file,
  path: file,
  contentType: contentTypeOf(file),
  ...rest,
})

const sheetArgs = async (
  deps: StepDeps,
  run: StepRun,
  { input, job }: { input: StoryboardInput; job: SheetJob },
): Promise<string[]> => {
  const { plan, file, chunks } = input
  const { storyboardFrom, colour } = plan.thumbnails
  if (storyboardFrom === 'encode') return sheetsFromTilesArgs(await gatherTiles(deps, run, chunks), job)
  const path = await deps.store.read(file.key)
  const streamIndex = plan.thumbnails.streamIndex ?? 0
  return sheetsFromSourceArgs(
    { path, streamIndex, colour, excerpt: plan.excerpt },
    storyboardFrom === 'keyframes' ? 'keyframes' : 'decode',
    job,
  )
}
