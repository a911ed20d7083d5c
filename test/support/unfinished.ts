/**
 * I-23: whatever has not come to its end, in words. What a person must look after may stay: a refund that
 * waits for approval, an abnormal one, and, where the first value is 1, one for money that had gone back
 * before a backup was restored. The second value is the kind of jobs to look at.
 */
export const unfinishedNow = `
  SELECT 'payment ' || id || ' is ' || state AS what FROM payments WHERE state NOT IN ('paid', 'closed', 'create_rejected')
  UNION ALL SELECT 'session ' || id || ' is ' || phase FROM payment_sessions WHERE status = 'pending'
  UNION ALL SELECT 'evidence ' || id || ' waits' FROM evidence WHERE applied_at IS NULL
  UNION ALL SELECT 'refund ' || id || ' is ' || state FROM refunds WHERE state IN ('approved', 'submitted', 'unknown')
    AND NOT (? = 1 AND COALESCE(fault_code, '') = 'number_spent')
  UNION ALL SELECT 'job ' || kind || ' ' || subject_id || ' waits' FROM jobs WHERE state = 'waiting' AND kind = ?`;
