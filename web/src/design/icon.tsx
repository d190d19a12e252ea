const PATHS = {
  play: 'M7 4.500v15l12.500-7.500z',
  pause: 'M8.500 5v14M15.500 5v14',
  cancel: 'M6 6l12 12M18 6 6 18',
  retry: 'M20 11a8 8 0 1 0-2.300 6.300M20 5v6h-6',
  trash: 'M4 7h16M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10 11v5.500M14 11v5.500',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  alert: 'M12 8v5M12 16.500v.1M12 3.500 2.500 20h19z',
  clock: 'M12 7v5l3.200 2M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z',
  skip: 'M5 12h14',
  search: 'M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500 20.500 20.500',
  download: 'M12 4v11M7 10.500l5 5 5-5M4.500 20h15',
  outward: 'M13.500 4.500h6v6M19.500 4.500 11 13M17.500 14v5.500h-13v-13H10',
  sliders: 'M4 8h9M17 8h3M4 16h3M11 16h9M15 5.500v5M9 13.500v5',
  film: 'M4 5h16v14H4zM8 5v14M16 5v14M4 9.700h4M4 14.300h4M16 9.700h4M16 14.300h4',
  sound: 'M5 10v4M9 6.500v11M13 9v6M17 4.500v15M21 10v4',
  arrow: 'M5 12h14M13 6l6 6-6 6',
} as const

export type IconName = keyof typeof PATHS

/** Decoration beside words: hidden from screen readers, in the colour of the text. */
export const Icon = ({ name, size = 18 }: { name: IconName; size?: number }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill={name === 'play' ? 'currentColor' : 'none'}
    stroke="currentColor"
    strokeWidth="1.900"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
    style={{ flex: 'none' }}
  >
    <path d={PATHS[name]} />
  </svg>
)
