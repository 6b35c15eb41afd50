import { Menu } from '@mantine/core'

/** How high the rows of a grid are; undefined: normal. */
export type Density = 'compact' | 'roomy' | undefined

/** Pixels. */
export const rowHeights = { compact: 28, normal: 36, roomy: 52 }

const densities = [
  { value: 'compact', label: 'Compact rows' },
  { value: 'normal', label: 'Normal rows' },
  { value: 'roomy', label: 'Roomy rows' },
] as const

export function DensityChoices({ value, onChange }: { value: Density; onChange: (density: Density) => void }) {
  return (
    <>
      <Menu.Divider />
      <Menu.Label>Height</Menu.Label>
      <Menu.RadioGroup value={value ?? 'normal'} onChange={(chosen) => onChange(densityOf(chosen))}>
        {densities.map(({ value, label }) => (
          <Menu.RadioItem key={value} value={value}>
            {label}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </>
  )
}

function densityOf(chosen: string): Density {
  return chosen === 'compact' || chosen === 'roomy' ? chosen : undefined
}
