# Writes OUTPUT, a C++ source with the bytes of the FILES of DIRECTORY. Run by the build whenever one of them changes:
#   cmake -DDIRECTORY=... -DFILES=a.csv,b.csv -DOUTPUT=... -P embed.cmake
string(REPLACE "," ";" names "${FILES}")
set(arrays "")
set(entries "")
set(number 0)
foreach(name IN LISTS names)
  file(READ "${DIRECTORY}/${name}" hex HEX)
  string(REPEAT "[0-9a-f]" 32 sixteen_bytes)  # a line: compilers and people dislike very long ones
  string(REGEX REPLACE "(${sixteen_bytes})" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char kFile${number}[] = {\n${bytes}};\n")
  string(APPEND entries "    {\"${name}\", std::string(kFile${number}, sizeof kFile${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUTPUT}" "#include \"duru/catalog/load.h\"

namespace duru {
namespace {

${arrays}
}  // namespace

const CatalogFiles& builtin_catalog_files() {
  static const CatalogFiles files = {
${entries}  };
  return files;
}

}  // namespace duru
")
