import { SearchOutlined } from '@ant-design/icons';
import { AutoComplete, Input } from 'antd';
import { useState, type ReactNode } from 'react';

export interface Choice {
  value: string;
  label: ReactNode;
}

/** A search field whose answers are picked, by mouse or keys; it is empty again after a pick. */
export function SearchPick({
  id,
  label,
  placeholder,
  typed,
  choices,
  onTyped,
  onPick,
}: {
  id?: string;
  label: string;
  placeholder: string;
  typed: string;
  choices: Choice[];
  onTyped: (typed: string) => void;
  onPick: (value: string) => void;
}) {
  const [open, setOpen] = useState(false);
  return (
    <AutoComplete
      {...(id === undefined ? {} : { id })}
      className="search-pick"
      value={typed}
      options={choices}
      open={open && choices.length > 0}
      onOpenChange={setOpen}
      defaultActiveFirstOption
      showSearch={{
        onSearch: (text) => {
          onTyped(text);
          setOpen(true);
        },
      }}
      onSelect={(value: string) => {
        onPick(value);
        onTyped('');
        setOpen(false);
      }}
    >
      <Input
        size="large"
        aria-label={label}
        placeholder={placeholder}
        prefix={<SearchOutlined aria-hidden="true" />}
      />
    </AutoComplete>
  );
}
