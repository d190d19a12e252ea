import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { Products, StoryboardInput } from '../contract/steps.ts'
import { sheetsFromSourceArgs, sheetsFromTilesArgs, type SheetJob } from '../tools/ffmpeg-frames.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { sheetName, storyboardVtt } from '../tools/storyboard-vtt.ts'
import { contentTypeOf } from './content-type.ts'
import { sheetCount } from './plan-weights.ts'
import { commitProducts, findProducts, type MadeProduct } from './products.ts'
import { runStep, type StepDeps } from './step.ts'
import { toolContext } from './tool-context.ts'

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
      const args = await sheetArgs(deps, input, { storyboard, pattern: join(dir, 'storyboard-%03d.jpg') })
      const context = toolContext(deps, run)
      await runFfmpeg(context, { args, totalMs: plan.durationMs, onProgress: (progress) => run.report(progress) })
      const sheets = (await readdir(dir)).toSorted()
      if (sheets.join() !== Array.from({ length: sheetCount(storyboard) }, (_, index) => sheetName(index + 1)).join()) {
        throw new SluiceError('OutputInvalid', `The storyboard came out as ${sheets.length} sheets.`)
      }
      await writeFile(join(dir, 'storyboard.vtt'), storyboardVtt(storyboard, plan.durationMs ?? 0))
      const width = storyboard.columns * storyboard.tileWidth
      const height = storyboard.rows * storyboard.tileHeight
      return commitProducts(deps, {
        dir,
        key,
        made: [
          product('storyboard.vtt', { role: 'storyboard', width: null, height: null }),
          ...sheets.map((sheet) => product(sheet, { role: 'storyboard-image', width, height })),
        ],
      })
    })

const product = (file: string, rest: Pick<MadeProduct, 'role' | 'width' | 'height'>): MadeProduct => ({
  file,
  path: file,
  contentType: contentTypeOf(file),
  ...rest,
})

const sheetArgs = async (
  deps: StepDeps,
  { plan, file, tilesKey }: StoryboardInput,
  job: SheetJob,
): Promise<string[]> => {
  const { storyboardFrom, colour } = plan.thumbnails
  if (storyboardFrom === 'encode') {
    if (tilesKey === null) throw new SluiceError('Internal', 'The tiles of the storyboard were not handed on.')
    return sheetsFromTilesArgs(await deps.store.read(tilesKey), job)
  }
  const path = await deps.store.read(file.key)
  const streamIndex = plan.thumbnails.streamIndex ?? 0
  return sheetsFromSourceArgs(
    { path, streamIndex, colour },
    storyboardFrom === 'keyframes' ? 'keyframes' : 'decode',
    job,
  )
}
