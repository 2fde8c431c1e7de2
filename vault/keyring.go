package vault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Keyring holds the passwords of a run. They are read when something encrypted is met.
// It is safe for concurrent use.
type Keyring struct {
	// OnlyMatching uses the passwords of the text's vault id alone; off, those of
	// other ids are tried too.
	OnlyMatching bool

	mu      sync.Mutex
	secrets []*secret
}

type secret struct {
	id     string
	source Source
	text   string
	err    error
	read   bool
}

// Add adds a password under a vault id; empty means DefaultID.
func (k *Keyring) Add(id string, source Source) {
	if id == "" {
		id = DefaultID
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.secrets = append(k.secrets, &secret{id: id, source: source})
}

// IDs lists the vault ids in the order in which they were added.
func (k *Keyring) IDs() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := make([]string, len(k.secrets))
	for i, s := range k.secrets {
		ids[i] = s.id
	}
	return ids
}

// ErrNoPassword means that no password was given at all.
//
//lint:ignore ST1005 scripts look for this sentence
var ErrNoPassword = errors.New("Attempting to decrypt but no vault secrets found: use --ask-vault-pass or --vault-password-file")

// Decrypt gives the plain text of a $ANSIBLE_VAULT text, trying the passwords of its
// vault id first.
func (k *Keyring) Decrypt(text []byte) ([]byte, error) {
	id, err := ID(text)
	if err != nil {
		return nil, err
	}
	candidates := k.candidates(id)
	if len(k.IDs()) == 0 {
		return nil, ErrNoPassword
	}
	for _, s := range candidates {
		password, err := k.password(s)
		if err != nil {
			return nil, err
		}
		plain, err := Unseal(text, password)
		if err == nil || !errors.Is(err, ErrPassword) {
			return plain, err
		}
	}
	return nil, k.noneFits(id)
}

func (k *Keyring) noneFits(id string) error {
	tried := strings.Join(k.IDs(), ", ")
	if id == "" {
		//lint:ignore ST1005 scripts look for this sentence
		return fmt.Errorf("Decryption failed (no vault secrets were found that could decrypt); tried %s: %w", tried, ErrPassword)
	}
	//lint:ignore ST1005 scripts look for this sentence
	return fmt.Errorf("Decryption failed (no vault secrets were found that could decrypt) vault id %s; tried %s: %w", id, tried, ErrPassword)
}

// candidates orders the passwords for a text: those of its id first.
func (k *Keyring) candidates(id string) []*secret {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id == "" {
		return slices.Clone(k.secrets)
	}
	var first, rest []*secret
	for _, s := range k.secrets {
		if s.id == id {
			first = append(first, s)
			continue
		}
		rest = append(rest, s)
	}
	if k.OnlyMatching {
		return first
	}
	return append(first, rest...)
}

// Encrypt encrypts with the password of a vault id; empty means the only one, or the
// first of DefaultID.
func (k *Keyring) Encrypt(plain []byte, id string) ([]byte, error) {
	s, err := k.choose(id)
	if err != nil {
		return nil, err
	}
	password, err := k.password(s)
	if err != nil {
		return nil, err
	}
	return Seal(plain, password, s.id)
}

func (k *Keyring) choose(id string) (*secret, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.secrets) == 0 {
		//lint:ignore ST1005 scripts look for this sentence
		return nil, errors.New("A vault password is required to use the vault: use --ask-vault-pass or --vault-password-file")
	}
	if id == "" && len(k.secrets) == 1 {
		return k.secrets[0], nil
	}
	wanted := id
	if wanted == "" {
		wanted = DefaultID
	}
	var ids []string
	for _, s := range k.secrets {
		if s.id == wanted {
			return s, nil
		}
		ids = append(ids, s.id)
	}
	if id == "" {
		//lint:ignore ST1005 scripts look for this sentence
		return nil, fmt.Errorf("The vault-ids %s are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id", strings.Join(ids, ","))
	}
	//lint:ignore ST1005 scripts look for this sentence
	return nil, fmt.Errorf("Did not find a match for --encrypt-vault-id=%s in the known vault-ids [%s]", id, strings.Join(ids, ", "))
}

// password reads a password, once.
func (k *Keyring) password(s *secret) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !s.read {
		s.read = true
		s.text, s.err = s.source(s.id)
	}
	if s.err != nil {
		return "", fmt.Errorf("vault password of id %q: %w", s.id, s.err)
	}
	return s.text, nil
}
