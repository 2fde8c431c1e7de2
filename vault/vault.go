// Package vault reads and writes encrypted values and files in Ansible's format, so
// that both programs can work on one tree.
//
// The format is AES-256 in counter mode with an HMAC over the ciphertext; both keys come
// from the password by PBKDF2. Header 1.2 names the password (the vault id), 1.1 does not.
package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	header     = "$ANSIBLE_VAULT"
	cipherName = "AES256"
	iterations = 10_000
	saltSize   = 32
	keySize    = 32
	lineLength = 80
	// DefaultID is the vault id of a password that was given without one.
	DefaultID = "default"
)

// Errors of Open; a Keyring's say more.
var (
	// ErrPassword means that the password does not fit, or that the text was changed.
	ErrPassword = errors.New("the vault password does not fit, or the text was changed")
	errFormat   = errors.New("this is not in the vault format")
)

// IsEncrypted reports whether data starts as an encrypted text does.
func IsEncrypted(data []byte) bool { return bytes.HasPrefix(data, []byte(header+";")) }

// ID gives the vault id that an encrypted text names; empty where it names none.
func ID(text []byte) (string, error) {
	_, id, err := split(text)
	return id, err
}

// Seal encrypts plain with a password. id is written into the header unless it is empty
// or DefaultID.
func Seal(plain []byte, password, id string) ([]byte, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return seal(plain, password, id, salt)
}

// SealWithSalt is Seal with a salt that is given, so that the same text becomes the same.
func SealWithSalt(plain []byte, password, id string, salt []byte) ([]byte, error) {
	return seal(plain, password, id, salt)
}

func seal(plain []byte, password, id string, salt []byte) ([]byte, error) {
	if strings.ContainsAny(id, ";\n\r") {
		return nil, fmt.Errorf("encrypt: a vault id cannot contain ; or a line end: %q", id)
	}
	k, err := derive(password, salt)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	secret := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	k.stream(secret)
	inner := hex.EncodeToString(salt) + "\n" + hex.EncodeToString(k.sum(secret)) + "\n" + hex.EncodeToString(secret)
	return format([]byte(inner), id), nil
}

// format writes the header, then inner as hexadecimal digits in lines.
func format(inner []byte, id string) []byte {
	var b bytes.Buffer
	if id == "" || id == DefaultID {
		b.WriteString(header + ";1.1;" + cipherName + "\n")
	} else {
		b.WriteString(header + ";1.2;" + cipherName + ";" + id + "\n")
	}
	digits := hex.EncodeToString(inner)
	for len(digits) > 0 {
		n := min(lineLength, len(digits))
		b.WriteString(digits[:n] + "\n")
		digits = digits[n:]
	}
	return b.Bytes()
}

// Unseal decrypts a text with a password. The error wraps ErrPassword where the
// password does not fit.
func Unseal(text []byte, password string) ([]byte, error) {
	body, _, err := split(text)
	if err != nil {
		return nil, err
	}
	parts := bytes.SplitN(body, []byte("\n"), 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("decrypt: %w", errFormat)
	}
	salt, err1 := unhex(parts[0])
	mac, err2 := unhex(parts[1])
	secret, err3 := unhex(parts[2])
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("decrypt: %w", errFormat)
	}
	k, err := derive(password, salt)
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	if !hmac.Equal(k.sum(secret), mac) {
		return nil, fmt.Errorf("decrypt: %w", ErrPassword)
	}
	k.stream(secret)
	return unpad(secret)
}

func unpad(plain []byte) ([]byte, error) {
	if len(plain) == 0 {
		return nil, fmt.Errorf("decrypt: %w", errFormat)
	}
	n := int(plain[len(plain)-1])
	if n < 1 || n > aes.BlockSize || n > len(plain) {
		return nil, fmt.Errorf("decrypt: %w", errFormat)
	}
	return plain[:len(plain)-n], nil
}

// split checks the header and gives the body, freed of its outer digits, and the vault id.
func split(text []byte) (body []byte, id string, err error) {
	first, rest, ok := strings.Cut(strings.TrimSpace(string(text)), "\n")
	fields := strings.Split(strings.TrimSpace(first), ";")
	if !ok || len(fields) < 3 || fields[0] != header {
		return nil, "", fmt.Errorf("decrypt: %w: it starts with %s", errFormat, header)
	}
	switch {
	case fields[2] != cipherName:
		return nil, "", fmt.Errorf("decrypt: the cipher %q is not supported, only %s: decrypt with an old Ansible and encrypt again", fields[2], cipherName)
	case fields[1] == "1.2" && len(fields) >= 4:
		id = fields[3]
	case fields[1] != "1.1" && fields[1] != "1.2":
		return nil, "", fmt.Errorf("decrypt: version %q of the vault format is not supported", fields[1])
	}
	body, err = unhex([]byte(rest))
	if err != nil {
		return nil, "", fmt.Errorf("decrypt: %w: there is something else than hexadecimal digits", errFormat)
	}
	return body, id, nil
}

func unhex(digits []byte) ([]byte, error) {
	digits = bytes.Join(bytes.Fields(digits), nil)
	out := make([]byte, hex.DecodedLen(len(digits)))
	_, err := hex.Decode(out, digits)
	return out, err
}

// keys are what a password and a salt give.
type keys struct{ cipher, mac, iv []byte }

func derive(password string, salt []byte) (keys, error) {
	all, err := pbkdf2.Key(sha256.New, password, salt, iterations, 2*keySize+aes.BlockSize)
	if err != nil {
		return keys{}, err
	}
	return keys{cipher: all[:keySize], mac: all[keySize : 2*keySize], iv: all[2*keySize:]}, nil
}

func (k keys) sum(secret []byte) []byte {
	h := hmac.New(sha256.New, k.mac)
	h.Write(secret)
	return h.Sum(nil)
}

// stream encrypts or decrypts data in place.
func (k keys) stream(data []byte) {
	block, err := aes.NewCipher(k.cipher)
	if err != nil {
		panic(err) // the key has a size that AES knows
	}
	cipher.NewCTR(block, k.iv).XORKeyStream(data, data)
}
