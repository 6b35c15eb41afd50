import { SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react'
import type { ReactNode } from 'react'

const schemes = [
  { value: 'light', label: <Choice icon={<IconSun size={15} aria-hidden />} name="Light" /> },
  { value: 'dark', label: <Choice icon={<IconMoon size={15} aria-hidden />} name="Dark" /> },
  { value: 'auto', label: <Choice icon={<IconDeviceDesktop size={15} aria-hidden />} name="As the system" /> },
]

export function ColorSchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <SegmentedControl
      aria-label="Colours"
      fullWidth
      size="xs"
      data={schemes}
      value={colorScheme}
      onChange={(value) => setColorScheme(value as typeof colorScheme)}
    />
  )
}

function Choice({ icon, name }: { icon: ReactNode; name: string }) {
  return (
    <span title={name} style={{ display: 'grid', placeItems: 'center', height: 20 }}>
      {icon}
      <span className="hidden-visually">{name}</span>
    </span>
  )
}
