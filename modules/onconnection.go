package modules

import "context"

// Link is the connection to a host, for the modules that work on it without a helper.
type Link interface {
	// Shell runs a command line by the login user's shell. A command that ends with a
	// code other than 0 is no error.
	Shell(ctx context.Context, line string) (Output, error)
	// Reset closes the connection.
	Reset()
	// Wait comes back when the host answers modules again, or with the last reason why
	// it does not when ctx ends.
	Wait(ctx context.Context) error
}

// UsesLink is a module that works on the connection.
type UsesLink interface{ UseLink(Link) }

// WithLink gives l to a module that works on the connection.
func WithLink(l Link) Ability {
	return func(m Module) {
		if user, ok := m.(UsesLink); ok {
			user.UseLink(l)
		}
	}
}
