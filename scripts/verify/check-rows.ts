import type { CatalogAudit } from '../../catalog/audit.ts'
import type { Finding } from './finding.ts'

/** Rows of the catalog that miss their other half. */
export const checkRows = async (audit: CatalogAudit): Promise<Finding[]> => {
  const named =
    (kind: Finding['kind']) =>
    (row: { mediaId: string; path: string }): Finding => ({
      kind,
      where: row.mediaId,
      detail: row.path,
      mediaId: row.mediaId,
    })
  const paths = (await audit.pathsWithoutMedia()).map(named('pathWithoutMedia'))
  // Read after the rows: a job that reserved its name before and is publishing still can't be told from one that gave up.
  const publishing = paths.length > 0 && (await audit.publishingJobs()).length > 0
  const files = await audit.filesWithoutMedia()
  const findings: Finding[] = [
    ...(publishing ? [] : paths),
    ...(await audit.mediaWithoutPath()).map(named('mediaWithoutPath')),
    ...(await audit.mediaWithoutFiles()).map(named('mediaWithoutFiles')),
    ...files.map((file): Finding => ({
      kind: 'filesWithoutMedia',
      where: `${file.media_id} ${file.path}`,
      detail: file.library_path,
      mediaId: file.media_id,
    })),
  ]
  for await (const { jobId, mediaIds } of audit.resultsWithoutMedia()) {
    findings.push({ kind: 'resultWithoutMedia', where: jobId, detail: mediaIds.join(', ') })
  }
  return findings
}
