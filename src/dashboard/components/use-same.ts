import { useRef } from 'react'

/**
 * The value as it was before, while it says the same: what is drawn from it is not drawn again with every batch of a feed.
 * @param value small, and JSON
 */
export function useSame<Value>(value: Value): Value {
  const kept = useRef({ value, text: JSON.stringify(value) })
  const text = JSON.stringify(value)
  if (text !== kept.current.text) kept.current = { value, text }
  return kept.current.value
}
