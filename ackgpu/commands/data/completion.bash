# Completion of ackgpu for bash, 3.2 and newer:  source <(ackgpu completion bash)

_ackgpu() {
    local current="${COMP_WORDS[COMP_CWORD]}" kind='' value
    [ "$current" = '=' ] && current=''
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        if [ -z "$kind" ]; then
            kind=$value
        else
            COMPREPLY+=("$value")
        fi
    done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [ "$kind" = files ]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r value; do
            COMPREPLY+=("$value")
        done < <(compgen -f -- "$current")
    fi
}

complete -F _ackgpu ackgpu
