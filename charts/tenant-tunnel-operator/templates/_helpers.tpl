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

{{/* Pull secrets, where there are any. */}}
{{- define "tenant-tunnel.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* A pod that runs one subcommand to its end. (dict "root" $ "name" "check" "args" (list "check")) */}}
{{- define "tenant-tunnel.once" -}}
serviceAccountName: tenant-tunnel-{{ .name }}
automountServiceAccountToken: false
restartPolicy: Never
{{- include "tenant-tunnel.pullSecrets" .root }}
containers:
  - name: {{ .name }}
    image: {{ include "tenant-tunnel.image" .root }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args: {{ toJson .args }}
    securityContext:
      {{- include "tenant-tunnel.restricted" . | nindent 6 }}
    resources:
      requests: { cpu: 10m, memory: 64Mi }
      limits: { memory: 256Mi }
    volumeMounts:
      {{- include "tenant-tunnel.tokenMount" . | nindent 6 }}
volumes:
  {{- include "tenant-tunnel.token" . | nindent 2 }}
{{- end }}
