package transport

import (
	"context"
	"sync"
)

// flights makes things once that several callers want, such as connections. A thing
// that could not be made is made anew for the next caller.
type flights[T any] struct {
	mu   sync.Mutex
	made map[string]*flight[T]
}

type flight[T any] struct {
	done  chan struct{}
	thing T
	err   error
}

// get gives the thing of that key, made by dial if need be. dial goes on when ctx ends,
// for the others who wait.
func (f *flights[T]) get(ctx context.Context, key string, dial func() (T, error)) (T, error) {
	one := f.start(key, dial)
	select {
	case <-one.done:
		return one.thing, one.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (f *flights[T]) start(key string, dial func() (T, error)) *flight[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one := f.made[key]; one != nil {
		return one
	}
	if f.made == nil {
		f.made = map[string]*flight[T]{}
	}
	one := &flight[T]{done: make(chan struct{})}
	f.made[key] = one
	go func() {
		defer close(one.done)
		one.thing, one.err = dial()
		if one.err != nil {
			f.forget(key, one)
		}
	}()
	return one
}

func (f *flights[T]) forget(key string, one *flight[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.made[key] == one {
		delete(f.made, key)
	}
}

// take removes the thing of that key and gives it when it is ready; ok is false where
// there is none.
func (f *flights[T]) take(key string) (thing T, ok bool) {
	f.mu.Lock()
	one := f.made[key]
	delete(f.made, key)
	f.mu.Unlock()
	if one == nil {
		return thing, false
	}
	<-one.done
	return one.thing, one.err == nil
}

// keys lists what is made or being made.
func (f *flights[T]) keys() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	keys := make([]string, 0, len(f.made))
	for key := range f.made {
		keys = append(keys, key)
	}
	return keys
}
