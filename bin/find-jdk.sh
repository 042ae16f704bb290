# Sourced by bin/fairlead and mvnw; POSIX sh. Finds a JDK or JRE without starting one: each `java -version` would take longer than all of this.

# jdk_release HOME: sets release_major, release_build from HOME/release; fails when HOME has no runnable Java.
jdk_release() {
  release_major='' release_build=''
  [ -n "$1" ] && [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 1
  while IFS='=' read -r release_key release_value; do
    release_value=${release_value#\"}
    release_value=${release_value%\"}
    case $release_key in
    JAVA_VERSION) release_major=${release_value%%[!0-9]*} ;;
    IMPLEMENTOR) release_build=$release_value-$release_build ;;
    JAVA_RUNTIME_VERSION) release_build=$release_build$release_value ;;
    esac
  done <"$1/release"
  [ -n "$release_major" ]
}

# home_of_java FILE: sets java_home to the folder that FILE, through all its symbolic links, is the bin/java of.
home_of_java() {
  java_file=$1
  while [ -L "$java_file" ]; do
    java_link=$(readlink "$java_file") || return 1
    case $java_link in
    /*) java_file=$java_link ;;
    *) java_file=${java_file%/*}/$java_link ;;
    esac
  done
  java_home=${java_file%/bin/java}
  [ "$java_home" != "$java_file" ]
}

# find_jdk MAJOR FILE: sets jdk to the first home of Java MAJOR or newer that has an executable bin/FILE (java, or javac for a JDK),
# and leaves its release_build; fails when there is none. The order: own variable, JAVA_HOME, PATH, the folders where JDKs usually live.
find_jdk() {
  jdk_path_java=$(command -v java) && home_of_java "$jdk_path_java" || java_home=''
  for jdk in "${FAIRLEAD_JAVA_HOME-}" "${JAVA_HOME-}" "$java_home" \
    /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
    "${SDKMAN_DIR:-${HOME-}/.sdkman}"/candidates/java/* "${HOME-}"/.jdks/* \
    "${MISE_DATA_DIR:-${HOME-}/.local/share/mise}"/installs/java/* "${ASDF_DATA_DIR:-${HOME-}/.asdf}"/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home "${HOME-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    if jdk_release "$jdk" && [ "$release_major" -ge "$1" ] && [ -x "$jdk/bin/$2" ]; then
      return 0
    fi
  done
  jdk=''
  return 1
}

# no_jdk PROGRAM: says what is missing and what to do about it.
no_jdk() {
  cat >&2 <<EOF
$1: no JDK 25 or newer was found
        why   looked at FAIRLEAD_JAVA_HOME, JAVA_HOME, java on the PATH, /usr/lib/jvm, SDKMAN, ~/.jdks, mise, asdf and macOS' folders
        do    install one (for example Eclipse Temurin 25 from https://adoptium.net, or: sdk install java 25-tem),
              or name the folder of one that is installed elsewhere in FAIRLEAD_JAVA_HOME
EOF
}
