# duru_room(NAME [LINKS room-or-library...] [PRIVATE_LINKS ...]): one folder = one library `duru::NAME`, made of the
# folder's *.cc files, linking only what its arrow allows; its *_test.cc files become one test program
# `NAME_test`. A folder links what its headers show (LINKS) and what only its sources use (PRIVATE_LINKS).
add_library(duru_warnings INTERFACE)
target_compile_options(duru_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Werror)

function(duru_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS;PRIVATE_LINKS;TEST_LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  list(REMOVE_ITEM sources ${tests})
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  string(REPLACE "/" "_" target duru_${name})
  string(REPLACE "/" "::" alias duru::${name})
  add_library(${target} STATIC ${sources})
  add_library(${alias} ALIAS ${target})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE_LINKS} duru_warnings)
  if(tests)
    string(REPLACE "/" "_" test_target ${name}_test)
    add_executable(${test_target} ${tests})
    target_link_libraries(${test_target} PRIVATE ${target} ${ROOM_PRIVATE_LINKS} ${ROOM_TEST_LINKS} duru_warnings GTest::gtest_main)
    set_target_properties(${test_target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${test_target} COMMAND ${test_target})
  endif()
endfunction()
