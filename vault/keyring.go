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
	plain, _, err := k.Open(text)
	return plain, err
}

// Open is Decrypt that also gives the key that fitted, which encrypts as the text was:
// with the same password and the same vault id in the header.
func (k *Keyring) Open(text []byte) ([]byte, Key, error) {
	id, err := ID(text)
	if err != nil {
		return nil, Key{}, err
	}
	candidates := k.candidates(id)
	if len(k.IDs()) == 0 {
		return nil, Key{}, ErrNoPassword
	}
	err = k.noneFits(id)
	for _, s := range candidates {
		password, failed := k.password(s)
		if failed != nil {
			err = failed // another one may still fit
			continue
		}
		plain, failed := Unseal(text, password)
		if failed == nil {
			return plain, Key{ID: id, password: password}, nil
		}
		if !errors.Is(failed, ErrPassword) {
			return nil, Key{}, failed
		}
	}
	return nil, Key{}, err
}

// Read reads all passwords now. Those that cannot be read are told to warn where there
// are others, and else are the error.
func (k *Keyring) Read(warn func(string)) error {
	var failed []error
	all := k.all()
	for _, s := range all {
		if _, err := k.password(s); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == len(all) {
		return errors.Join(failed...)
	}
	for _, err := range failed {
		warn(err.Error())
	}
	return nil
}

func (k *Keyring) all() []*secret {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.secrets)
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

// Key is a password with the vault id that stands in the header of what it encrypts.
type Key struct {
	// ID is empty, or DefaultID, where the header names none.
	ID       string
	password string
}

// Seal encrypts plain.
func (k Key) Seal(plain []byte) ([]byte, error) { return Seal(plain, k.password, k.ID) }

// ErrWhichID means that there are several passwords, and nobody said with which to encrypt.
var ErrWhichID = errors.New("Specify the vault-id to encrypt with --encrypt-vault-id") //lint:ignore ST1005 scripts look for this sentence

// Key gives the key of a vault id to encrypt with; empty means the only one there is.
func (k *Keyring) Key(id string) (Key, error) {
	s, err := k.choose(id)
	if err != nil {
		return Key{}, err
	}
	password, err := k.password(s)
	return Key{ID: s.id, password: password}, err
}

// CanEncrypt tells what is wrong with a vault id to encrypt with, before any password is read.
func (k *Keyring) CanEncrypt(id string) error {
	_, err := k.choose(id)
	return err
}

func (k *Keyring) choose(id string) (*secret, error) {
	all, ids := k.all(), k.IDs()
	if len(all) == 0 {
		//lint:ignore ST1005 scripts look for this sentence
		return nil, errors.New("A vault password is required to use the vault: use --ask-vault-pass or --vault-password-file")
	}
	if id == "" && len(all) > 1 {
		//lint:ignore ST1005 scripts look for this sentence
		return nil, fmt.Errorf("The vault-ids %s are available to encrypt. %w", strings.Join(ids, ","), ErrWhichID)
	}
	for _, s := range all {
		if id == "" || s.id == id {
			return s, nil
		}
	}
	//lint:ignore ST1005 scripts look for this sentence
	return nil, fmt.Errorf("Did not find a match for --encrypt-vault-id=%s in the known vault-ids ['%s']", id, strings.Join(ids, "', '"))
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
