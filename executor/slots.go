package executor

import "context"

// slots bounds the calls in flight. The goroutines of the tree are never bounded: one that
// waits for another never holds a slot, so that nothing can wait for ever.
type slots chan struct{}

func newSlots(n int) slots { return make(slots, n) }

// use takes a slot while do runs.
func (s slots) use(ctx context.Context, do func() error) error {
	select {
	case s <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s }()
	return do()
}
