-- A refund that went back may find no room in the sums of its payment, while another one holds it: given up
-- here and succeeded at the channel after all, or forgotten by a restored backup. This says which are counted.
ALTER TABLE refunds ADD COLUMN counted_at BIGINT;

UPDATE refunds SET counted_at = updated_at WHERE state = 'succeeded';
