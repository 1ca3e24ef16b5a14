{{/* Labels that a selector uses, which never change. (dict "root" $ "component" "controller") */}}
{{- define "tenant-tunnel.selector" -}}
app.kubernetes.io/name: tenant-tunnel-operator
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* All labels of an object. (dict "root" $ "component" "controller") */}}
{{- define "tenant-tunnel.labels" -}}
{{ include "tenant-tunnel.selector" . }}
app.kubernetes.io/part-of: tenant-tunnel-operator
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "tenant-tunnel.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* What every container of ours but the privileged one is held to. */}}
{{- define "tenant-tunnel.restricted" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* The service account's token, for the containers that mount it; the kubelet renews it. */}}
{{- define "tenant-tunnel.token" -}}
- name: token
  projected:
    sources:
      - serviceAccountToken: { path: token, expirationSeconds: 3607 }
      - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
      - downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] }
{{- end }}

{{- define "tenant-tunnel.tokenMount" -}}
- { name: token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
{{- end }}

{{/* /healthz tells what only a restart mends, /readyz what is still waited for. (dict "port" "metrics") */}}
{{- define "tenant-tunnel.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: {{ .port }} }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /healthz, port: {{ .port }} }
  periodSeconds: 15
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /readyz, port: {{ .port }} }
  periodSeconds: 2
  timeoutSeconds: 2
{{- end }}

{{/* The start of every pod's spec: whose it is, and how its image is pulled. (dict "root" $ "account" "controller") */}}
{{- define "tenant-tunnel.pod" -}}
serviceAccountName: tenant-tunnel-{{ .account }}
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Where a pod may run. (.Values.controller) */}}
{{- define "tenant-tunnel.nodes" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A duration as the program takes it. (dict "name" "cleanup.timeout" "value" "4m" "seconds" 3600 "most" "1h") */}}
{{- define "tenant-tunnel.duration" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 }}
{{- $ms := mul (regexFind "^[0-9]+" .value) (get $units (regexFind "[a-z]+$" .value)) }}
{{- if or (lt $ms 1000) (gt $ms (mul .seconds 1000)) }}
{{- fail (printf "%s is %s: write a duration from 1s to %s." .name .value .most) }}
{{- end }}
{{- .value }}
{{- end }}

{{/* A pod that runs one subcommand to its end, where a controller would. (dict "root" $ "name" "check" "args" (list "check")) */}}
{{- define "tenant-tunnel.once" -}}
{{- include "tenant-tunnel.pod" (dict "root" .root "account" .name) }}
restartPolicy: Never
containers:
  - name: {{ .name }}
    image: {{ include "tenant-tunnel.image" .root }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args:
      {{- toYaml .args | nindent 6 }}
    securityContext:
      {{- include "tenant-tunnel.restricted" . | nindent 6 }}
    resources:
      requests: { cpu: 10m, memory: 64Mi }
      limits: { memory: 256Mi }
    volumeMounts:
      {{- include "tenant-tunnel.tokenMount" . | nindent 6 }}
volumes:
  {{- include "tenant-tunnel.token" . | nindent 2 }}
{{- with include "tenant-tunnel.nodes" .root.Values.controller | trim }}
{{ . }}
{{- end }}
{{- end }}

{{/* One sentence, where a cluster is looked at that lacks a kind of the Prometheus operator. (dict "root" $ "value" "metrics.serviceMonitor.enabled" "kind" "ServiceMonitor") */}}
{{- define "tenant-tunnel.prometheusOperator" -}}
{{- $isThere := .root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) }}
{{- if and (lookup "v1" "Namespace" "" "kube-system") (not $isThere) }}
{{- fail (printf "%s is true, but this cluster has no %s (monitoring.coreos.com/v1): install the Prometheus operator first, or set it to false." .value .kind) }}
{{- end }}
{{- end }}

{{/* Names of the profiles of the chart that are enabled, in the order of merging, as JSON. */}}
{{- define "tenant-tunnel.profiles" -}}
{{- $enabled := list }}
{{- range list "hardened" "time" "snmp" "syslog" "queues" "pppoe" "hotspot" }}
{{- if (get $.Values.profiles .).enabled }}
{{- $enabled = append $enabled . }}
{{- end }}
{{- end }}
{{- toJson $enabled }}
{{- end }}
