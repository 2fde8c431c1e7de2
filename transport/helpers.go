package transport

// Helpers finds the helper's program for a platform. All are for Linux.
type Helpers interface {
	// Names gives the SHA-256 of the helper by GOARCH.
	Names() (map[string]string, error)
	// Gzip gives the compressed helper for arch.
	Gzip(arch string) ([]byte, error)
}
