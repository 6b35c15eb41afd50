/** The look of all pages: colours by meaning are in tokens.css, this is what Mantine's components need. */
import { createTheme, type MantineColorsTuple } from '@mantine/core'

const ink: MantineColorsTuple = [
  '#eef0ff',
  '#dcdffb',
  '#b7bdf3',
  '#9098ec',
  '#6f79e5',
  '#5a65de',
  '#4650c8',
  '#3b44ad',
  '#333b97',
  '#272e7c',
]
const dark: MantineColorsTuple = [
  '#d5d9e2',
  '#b3b9c6',
  '#949bab',
  '#6b7282',
  '#3e4452',
  '#2c313c',
  '#22262f',
  '#181b22',
  '#13161c',
  '#0d0f14',
]
const gray: MantineColorsTuple = [
  '#f8f9fb',
  '#f1f3f6',
  '#e6e9ee',
  '#d9dde4',
  '#c4cad4',
  '#a2a9b6',
  '#7d8593',
  '#545c6a',
  '#383e49',
  '#22262e',
]

/** The head of a dialog is not the head of the page. */
const noLandmark = { role: 'presentation' }

export const theme = createTheme({
  primaryColor: 'ink',
  primaryShade: { light: 6, dark: 5 },
  colors: { ink, dark, gray },
  black: '#1a1d24',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Code', 'JetBrains Mono', 'DejaVu Sans Mono', monospace",
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.25' },
      h2: { fontSize: '1.0625rem', lineHeight: '1.3' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.35' },
    },
  },
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '16px' },
  cursorType: 'pointer',
  focusRing: 'auto',
  components: {
    Button: { defaultProps: { size: 'sm' } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true, multiline: true, maw: 320 } },
    // Its own first focus is an element that a menu may not have.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45, blur: 2 },
        closeButtonProps: { 'aria-label': 'Close' },
        attributes: { header: noLandmark },
      },
    },
    Drawer: { defaultProps: { attributes: { header: noLandmark } } },
    Notification: {
      defaultProps: { closeButtonProps: { 'aria-label': 'Close the message' } },
      styles: { description: { color: 'var(--text-2)' } },
    },
    Anchor: { defaultProps: { underline: 'hover' } },
  },
})
