import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { PosterInput, Products } from '../contract/steps.ts'
import { coverArgs } from '../tools/ffmpeg-frames.ts'
import { drawCard } from '../tools/image-card.ts'
import { writePosters } from '../tools/image-poster.ts'
import { runMediaTool, type ToolContext } from '../tools/tool-context.ts'
import { contentTypeOf } from './content-type.ts'
import { bestCandidate } from './poster-candidates.ts'
import { commitProducts, findProducts } from './products.ts'
import { runStep, type StepDeps } from './step.ts'
import { toolContext } from './tool-context.ts'
import { saysUnreadable } from './unreadable-picture.ts'

/** Makes the poster in its widths as JPEG and WebP: the best frame, the cover of a recording without picture, or a card. */
export const createPoster =
  (deps: StepDeps) =>
  (input: PosterInput): Promise<Products> =>
    runStep(deps, input.ref, async (run) => {
      const { plan, ref, title } = input
      const key = `${ref.jobId}/${plan.hash}/poster`
      const finished = await findProducts(deps, key)
      if (finished) return finished

      const context = toolContext(deps, run)
      const path = await deps.store.read(input.file.key)
      const dir = join(run.scratchDir, 'poster')
      await mkdir(dir)
      const picture = await findPicture(context, { plan, path, title }).catch((error: unknown) => {
        if (!saysUnreadable(error)) throw error
        run.log.warn({ err: error }, 'no picture can be read; a card is drawn')
        return Buffer.from(drawCard(title))
      })
      const posters = await writePosters(picture, { widths: plan.thumbnails.posterWidths, dir })
      run.report({ unit: 'items', percent: 100, done: posters.length, total: posters.length, rate: null, etaMs: 0 })
      const made = posters.map(({ name, width, height }) => {
        return { file: name, path: name, role: 'poster' as const, contentType: contentTypeOf(name), width, height }
      })
      return commitProducts(deps, { dir, key, made })
    })

type PictureQuestion = Pick<PosterInput, 'plan' | 'title'> & { path: string }

const findPicture = (context: ToolContext, { plan, path, title }: PictureQuestion): Promise<string | Buffer> => {
  const { posterFrom, streamIndex } = plan.thumbnails
  if (posterFrom === 'none' || streamIndex === null) return Promise.resolve(Buffer.from(drawCard(title)))
  return posterFrom === 'cover' ? extractCover(context, path, streamIndex) : bestCandidate(context, path, plan)
}

const extractCover = async (context: ToolContext, path: string, streamIndex: number): Promise<string> => {
  const output = join(context.cwd, 'cover.png')
  await runMediaTool(context, 'ffmpeg', { args: coverArgs(path, streamIndex, output) })
  if (!(await readdir(context.cwd)).includes('cover.png')) {
    throw new SluiceError('OutputInvalid', 'The attached picture could not be read.')
  }
  return output
}
