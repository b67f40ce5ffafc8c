#!/usr/bin/env bash
# Puts the wheels of this folder into an Azure Automation runtime environment for Python 3.10.
#
#   ./upload.sh SUBSCRIPTION GROUP AUTOMATION_ACCOUNT RUNTIME_ENVIRONMENT STORAGE_ACCOUNT CONTAINER
#
# Needs the Azure CLI, signed in, with the right to write the Automation account and the container.
# The service fetches each wheel from a link: the wheels go to the container, and the links are
# signed for two hours. At most five packages are imported per 30 seconds and account.
# Package - Create Or Update, 2024-10-23: https://learn.microsoft.com/rest/api/automation/package
# Written from that description; nobody has run it against a real account yet.
set -euo pipefail
[ $# -eq 6 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
subscription=$1 group=$2 account=$3 environment=$4 storage=$5 container=$6
cd "$(dirname "$0")"
digest() { sha256sum "$1" | cut -d ' ' -f 1; }
for wheel in *.whl; do
  grep -q -- "--hash=sha256:$(digest "$wheel")\$" requirements.lock || {
    echo "$wheel is not the one of requirements.lock; nothing was uploaded." >&2
    exit 1
  }
done
[ "$(grep -c -- --hash= requirements.lock)" -eq "$(find . -name '*.whl' | wc -l)" ] || {
  echo "A wheel of requirements.lock is missing; nothing was uploaded." >&2
  exit 1
}

base="https://management.azure.com/subscriptions/$subscription/resourceGroups/$group/providers"
base="$base/Microsoft.Automation/automationAccounts/$account/runtimeEnvironments/$environment"
expiry=$(date -u -d '+2 hours' +%Y-%m-%dT%H:%MZ)

az storage blob upload-batch --account-name "$storage" --auth-mode login --overwrite \
  --destination "$container" --source . --pattern '*.whl' --output none
sas=$(az storage container generate-sas --account-name "$storage" --name "$container" \
  --auth-mode login --as-user --permissions r --expiry "$expiry" --output tsv)

count=0
for wheel in *.whl; do
  name=${wheel%%-*}
  link="https://$storage.blob.core.windows.net/$container/$wheel?$sas"
  body=$(printf '{"properties":{"contentLink":{"uri":"%s","contentHash":{"algorithm":"sha256","value":"%s"}}}}' \
    "$link" "$(digest "$wheel")")
  az rest --method put --url "$base/packages/$name?api-version=2024-10-23" --body "$body" --output none
  count=$((count + 1))
  echo "$name"
  [ $((count % 5)) -ne 0 ] || sleep "${PAUSE_SECONDS:-30}"
done
echo "$count packages were handed over. Their import goes on in the service; look at their state there."
