import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type TextareaHTMLAttributes,
  useId,
} from "react";

/** What every control of a form has around it. */
export interface FieldFrame {
  label: string;
  /** Below the control, always. */
  help?: ReactNode;
  /** Why the value was refused, in the words of whoever refused it. */
  error?: string | undefined;
}

/** On every control: 32 px high on a desk, 40 px where fingers type; at least 16 px text there, so that phones don't zoom in. */
export const CONTROL =
  "w-full min-w-0 rounded-md border bg-surface px-2.5 text-ink placeholder:text-ink-faint max-sm:text-[16px] disabled:cursor-not-allowed disabled:bg-sunken disabled:text-ink-faint";
export const borderOf = (error: string | undefined): string =>
  error ? "border-bad-mark" : "border-line-strong";

/** Ids and attributes that tie a control to its label, its help and its error. */
export function useFieldIds({ help, error }: Pick<FieldFrame, "help" | "error">) {
  const id = useId();
  const [helpId, errorId] = [`${id}-help`, `${id}-error`];
  const describedBy = [...(error ? [errorId] : []), ...(help ? [helpId] : [])].join(" ");
  return {
    id,
    helpId,
    errorId,
    aria: {
      ...(describedBy && { "aria-describedby": describedBy }),
      ...(error && { "aria-invalid": true as const }),
    },
  };
}

/** Label above, help and error below: an error never pushes the control away from under the pointer. */
export function Field(
  props: FieldFrame & { ids: ReturnType<typeof useFieldIds>; className?: string; children: ReactNode },
) {
  const { label, help, error, ids, className = "", children } = props;
  return (
    <div className={`min-w-0 ${className}`}>
      <label htmlFor={ids.id} className="mb-1 block font-medium text-sm">
        {label}
      </label>
      {children}
      <p id={ids.errorId} role="alert" className="mt-1 break-words text-bad text-sm empty:hidden">
        {error}
      </p>
      {help && (
        <p id={ids.helpId} className="mt-1 text-ink-faint text-sm">
          {help}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  help,
  error,
  className = "",
  ...props
}: FieldFrame & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const ids = useFieldIds({ help, error });
  return (
    <Field label={label} help={help} error={error} ids={ids} className={className}>
      <input
        id={ids.id}
        className={`h-8 max-sm:h-10 ${CONTROL} ${borderOf(error)}`}
        {...ids.aria}
        {...props}
      />
    </Field>
  );
}

export function TextArea({
  label,
  help,
  error,
  className = "",
  rows = 3,
  ...props
}: FieldFrame & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const ids = useFieldIds({ help, error });
  return (
    <Field label={label} help={help} error={error} ids={ids} className={className}>
      <textarea
        id={ids.id}
        rows={rows}
        className={`py-1.5 ${CONTROL} ${borderOf(error)}`}
        {...ids.aria}
        {...props}
      />
    </Field>
  );
}

/** The words belong to the box: a click on them ticks it. */
export function Checkbox({
  label,
  help,
  error,
  className = "",
  ...props
}: FieldFrame & Omit<InputHTMLAttributes<HTMLInputElement>, "type">) {
  const ids = useFieldIds({ help, error });
  return (
    <div className={`min-w-0 ${className}`}>
      <label htmlFor={ids.id} className="flex min-h-6 items-start gap-2">
        <input
          id={ids.id}
          type="checkbox"
          className="mt-0.75 size-4 shrink-0 accent-(--focus)"
          {...ids.aria}
          {...props}
        />
        <span className="font-medium text-sm">{label}</span>
      </label>
      <p id={ids.errorId} role="alert" className="ml-6 text-bad text-sm empty:hidden">
        {error}
      </p>
      {help && (
        <p id={ids.helpId} className="ml-6 text-ink-faint text-sm">
          {help}
        </p>
      )}
    </div>
  );
}
