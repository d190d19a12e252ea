import type { Config } from '../config.ts'

/** Addresses within answers. Paths are relative to the server, so that they hold behind a proxy too. */
export interface Links {
  job(id: string): string
  media(id: string): string
  /** Address of a file of a media; `path` with forward slashes. */
  file(mediaId: string, path: string): string
  readonly temporalUi: string
  /** The workflow in the Temporal Web UI. */
  workflow(workflowId: string): string
}

export const API_PATH = '/api/v1'
/** Where the dev server has its Web UI, unless told otherwise. */
const DEFAULT_UI_PORT = 8233

export const createLinks = ({ uiUrl, uiPort, address, namespace }: Omit<Config['temporal'], 'port'>): Links => {
  // Where it is not said, the Web UI is taken to be on Temporal's own machine.
  const host = address === null ? '127.0.0.1' : new URL(`http://${address}`).hostname
  const ui = (uiUrl ?? `http://${host}:${uiPort ?? DEFAULT_UI_PORT}`).replace(/\/+$/, '')
  return {
    temporalUi: ui,
    job: (id) => `${API_PATH}/jobs/${id}`,
    media: (id) => `${API_PATH}/media/${id}`,
    file: (mediaId, path) => `${API_PATH}/media/${mediaId}/files/${path.split('/').map(encodeURIComponent).join('/')}`,
    workflow: (workflowId) =>
      `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`,
  }
}
