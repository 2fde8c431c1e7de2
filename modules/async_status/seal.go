package async_status

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// NewKey makes a key for Seal.
func NewKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// Seal gives the result of a job as it lies on the disk where its task said no_log: only that
// it is there can be read, and the rest with the key.
func Seal(result *values.Map, key string) (*values.Map, error) {
	aead, err := aeadOf(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	sealed := values.NewMap(4)
	for _, name := range []string{"started", "finished", "ansible_job_id"} {
		if v, ok := result.Get(name); ok {
			sealed.Set(name, v)
		}
	}
	sealed.Set("sealed", values.String(base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, values.JSON(values.FromMap(result)), nil))))
	return sealed, nil
}

// open gives the result of a job that was sealed.
func (m *Module) open(sealed values.Value) (values.Value, error) {
	if m.Key == "" {
		return values.Null, modules.Fail("the result of job %s is sealed, since its task said no_log: only the run that started it can read it", m.JID)
	}
	aead, err := aeadOf(m.Key)
	if err != nil {
		return values.Null, err
	}
	text, err := base64.StdEncoding.DecodeString(values.Text(sealed))
	if err != nil || len(text) < aead.NonceSize() {
		return values.Null, errors.New("the sealed result of the job is cut short")
	}
	plain, err := aead.Open(nil, text[:aead.NonceSize()], text[aead.NonceSize():], nil)
	if err != nil {
		return values.Null, errors.New("the sealed result of the job was changed, or is another job's")
	}
	return values.Decode(plain)
}

func aeadOf(key string) (cipher.AEAD, error) {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, errors.New("the key of the job's result is none")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
