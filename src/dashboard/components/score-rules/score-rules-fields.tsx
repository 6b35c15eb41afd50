import { NumberInput, Select, TagsInput } from '@mantine/core'
import type { Direction, FailurePolicy, ScoreDataType } from '../../gql/graphql.ts'
import classes from './score-rules.module.css'
import { directionWords, policyWords, type ScoreRulesDraft, typeWords } from './score-rules.ts'

interface Props {
  rules: ScoreRulesDraft
  /** Messages by member. */
  problems: Readonly<Record<string, string | undefined>>
  onChange: (rules: ScoreRulesDraft) => void
}

const optionsOf = (words: Record<string, string>) =>
  Object.entries(words).map(([value, label]) => ({ value, label: label.charAt(0).toUpperCase() + label.slice(1) }))

/** What scores may be, and which of them are better. */
export function ScoreRulesFields({ rules, problems, onChange }: Props) {
  const { dataType, direction, min, max, categories, failurePolicy } = rules
  const set = (now: Partial<ScoreRulesDraft>) => onChange({ ...rules, ...now })
  return (
    <div className={classes.fields}>
      <Select
        label="A score is"
        allowDeselect={false}
        data={optionsOf(typeWords)}
        value={dataType}
        error={problems.dataType}
        onChange={(chosen) => {
          const type = chosen as ScoreDataType
          const hasValue = type === 'NUMERIC' || type === 'BOOLEAN'
          set({
            dataType: type,
            direction: hasValue ? (direction === 'NONE' ? 'HIGHER_IS_BETTER' : direction) : 'NONE',
          })
        }}
      />
      <Select
        label="Direction"
        description="Decides which differences are better, and their colour."
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        allowDeselect={false}
        data={optionsOf(directionWords)}
        value={direction}
        error={problems.direction}
        onChange={(chosen) => set({ direction: chosen as Direction })}
      />
      {dataType === 'NUMERIC' && (
        <>
          <NumberInput
            label="Lowest value"
            placeholder="no bound"
            value={min}
            error={problems.min}
            onChange={(value) => set({ min: value })}
          />
          <NumberInput
            label="Highest value"
            placeholder="no bound"
            value={max}
            error={problems.max}
            onChange={(value) => set({ max: value })}
          />
        </>
      )}
      {dataType === 'CATEGORICAL' && (
        <TagsInput
          label="Categories"
          description="Enter adds one. Empty: any."
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          className={classes.wide}
          value={categories}
          error={problems.categories}
          onChange={(value) => set({ categories: value })}
        />
      )}
      <Select
        label="Items without a value"
        description="Such as failed ones."
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder={dataType === 'BOOLEAN' ? 'Count as the worst value' : 'Left out'}
        clearable
        data={optionsOf(policyWords)}
        value={failurePolicy}
        error={problems.failurePolicy}
        onChange={(chosen) => set({ failurePolicy: chosen as FailurePolicy | null })}
      />
    </div>
  )
}
