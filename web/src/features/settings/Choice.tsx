/** One of several. */
interface Props<T extends string> {
  heading: string;
  name: string;
  value: T;
  options: [T, string][];
  onChange: (value: T) => void;
}

/** A card of radio buttons. */
export function Choice<T extends string>({ heading, name, value, options, onChange }: Props<T>) {
  return (
    <fieldset className="card">
      <legend className="card-heading">{heading}</legend>
      {options.map(([option, words]) => (
        <label key={option} className="choice">
          <span className="person-text">{words}</span>
          <input
            type="radio"
            className="check"
            name={name}
            checked={option === value}
            onChange={() => onChange(option)}
          />
        </label>
      ))}
    </fieldset>
  );
}
