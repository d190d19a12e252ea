/** The words of the C library, of Python and of libvips for ENOSPC and EDQUOT. */
const WORDS = /no space left on device|disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/i

/** Whether a program's last words, or an error, say that the disk is full. */
export const saysDiskFull = (text: string): boolean => WORDS.test(text)
