import { Link } from 'wouter'
import { Notice } from '../design/notice.tsx'
import { PageTitle } from '../design/page-title.tsx'

export const NotFoundPage = () => (
  <>
    <PageTitle name="Not found" hidden />
    <Notice icon="search" title="There is no page at this address">
      <Link href="/">To the jobs</Link>
    </Notice>
  </>
)
