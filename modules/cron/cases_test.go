package cron_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/cron"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, cron.Spec) }
