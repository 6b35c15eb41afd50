/** A message of a prompt: a text in which the names of the item are completed after `{{`. */
import { Combobox, Textarea, useCombobox } from '@mantine/core'
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { complete, insertTag, type OpenTag, openTagAt } from './completion.ts'
import type { Variable } from './item-variables.ts'
import classes from './prompt-editor.module.css'

export interface TemplateHandle {
  /** Writes a name where the caret is, or was. */
  insert(name: string): void
}

interface Props {
  label: string
  value: string
  variables: readonly Variable[]
  placeholder?: string
  error?: string
  handle: Ref<TemplateHandle>
  onChange: (text: string) => void
  onFocus: () => void
}

const maxShown = 8

export function TemplateInput({ label, value, variables, placeholder, error, handle, onChange, onFocus }: Props) {
  const input = useRef<HTMLTextAreaElement>(null)
  const caret = useRef<number | null>(null)
  const [tag, setTag] = useState<OpenTag | null>(null)
  const combobox = useCombobox({ onDropdownClose: () => setTag(null) })
  const typed = tag?.typed.trim().toLowerCase() ?? ''
  const found = tag ? variables.filter(({ name }) => name.toLowerCase().includes(typed)).slice(0, maxShown) : []
  const opened = found.length > 0 && !(found.length === 1 && found[0]?.name === tag?.typed)

  // biome-ignore lint/correctness/useExhaustiveDependencies: with every change of what is found
  useEffect(() => {
    if (opened) {
      combobox.openDropdown()
      combobox.selectFirstOption()
    } else combobox.closeDropdown()
  }, [opened, typed])

  // The caret goes where the completion ended, when the text is there.
  useLayoutEffect(() => {
    if (caret.current === null || !input.current) return
    input.current.setSelectionRange(caret.current, caret.current)
    caret.current = null
  })

  const write = (now: { text: string; caret: number }) => {
    caret.current = now.caret
    input.current?.focus()
    onChange(now.text)
    setTag(null)
  }
  useImperativeHandle(handle, () => ({
    insert(name) {
      const { selectionStart = value.length, selectionEnd = value.length } = input.current ?? {}
      write(insertTag(value, selectionStart, selectionEnd, name))
    },
  }))

  return (
    <Combobox
      store={combobox}
      position="bottom-start"
      width={360}
      onOptionSubmit={(name) => {
        if (tag) write(complete(value, input.current?.selectionStart ?? value.length, tag, name))
      }}
    >
      <Combobox.EventsTarget withKeyboardNavigation={opened}>
        <Textarea
          ref={input}
          aria-label={label}
          autosize
          minRows={2}
          maxRows={24}
          placeholder={placeholder}
          value={value}
          error={error}
          classNames={{ input: classes.template }}
          spellCheck={false}
          onFocus={onFocus}
          onBlur={() => setTag(null)}
          onChange={(event) => {
            const { value: text, selectionStart } = event.currentTarget
            onChange(text)
            setTag(openTagAt(text, selectionStart))
          }}
        />
      </Combobox.EventsTarget>
      <Combobox.DropdownTarget>
        <span className={classes.anchor} />
      </Combobox.DropdownTarget>
      <Combobox.Dropdown hidden={!opened}>
        <Combobox.Options aria-label="Names of the item">
          {found.map(({ name, sample }) => (
            <Combobox.Option key={name} value={name}>
              <span className={classes.option}>
                <code>{name}</code>
                <span>{sample}</span>
              </span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}
