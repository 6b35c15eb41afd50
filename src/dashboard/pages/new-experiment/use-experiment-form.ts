import { useForm } from '@mantine/form'
import { type ExperimentForm, problemsOf } from './experiment-form.ts'

export function useExperimentForm(initial: ExperimentForm) {
  return useForm({ initialValues: initial, validate: problemsOf })
}

export type ExperimentFormApi = ReturnType<typeof useExperimentForm>
