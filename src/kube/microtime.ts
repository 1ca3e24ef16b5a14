/** `2026-01-02T03:04:05.678000Z`: metav1.MicroTime takes exactly six digits (apimachinery micro_time.go). */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
