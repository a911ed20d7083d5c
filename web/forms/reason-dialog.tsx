import { Form, Input, Modal } from 'antd';

/** Asks for the reason of something that cannot be undone. */
export function ReasonDialog({
  open,
  title,
  hint,
  label,
  needed,
  confirm,
  onReason,
  onClose,
}: {
  open: boolean;
  title: string;
  hint: string;
  label: string;
  /** Said when the reason is missing. */
  needed: string;
  confirm: string;
  onReason: (reason: string) => void;
  onClose: () => void;
}) {
  const [form] = Form.useForm<{ reason: string }>();
  return (
    <Modal
      open={open}
      title={title}
      okText={confirm}
      okButtonProps={{ danger: true }}
      onOk={() => form.submit()}
      onCancel={onClose}
      afterClose={() => form.resetFields()}
      afterOpenChange={(shown) => {
        if (shown) form.focusField('reason');
      }}
      forceRender
    >
      <p className="quiet dialog-hint">{hint}</p>
      <Form
        form={form}
        layout="vertical"
        onFinish={({ reason }) => onReason(reason.trim())}
        requiredMark={false}
      >
        <Form.Item
          name="reason"
          label={label}
          rules={[{ required: true, whitespace: true, message: needed }]}
        >
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
