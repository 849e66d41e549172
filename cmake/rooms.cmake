# One library per room. naestro_room(NAME [MAIN file] [DEPS room...] [LIBS target...]) takes every
# .cpp of the room's folder but MAIN; *_test.cpp files become the room's test binary
# naestro_NAME_test.
function(naestro_room name)
  cmake_parse_arguments(ARG "" "MAIN" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(ARG_MAIN)
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${name}/${ARG_MAIN})
  endif()
  add_library(naestro_${name} STATIC ${sources} ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(naestro_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM ARG_DEPS PREPEND naestro_)
  target_link_libraries(naestro_${name} PUBLIC ${ARG_DEPS} ${ARG_LIBS})
  naestro_prelude(naestro_${name} naestro_base ${CMAKE_SOURCE_DIR}/src/base)
  if(NAESTRO_TESTS AND tests)
    add_executable(naestro_${name}_test ${tests})
    target_link_libraries(naestro_${name}_test PRIVATE naestro_${name} naestro_testing)
    naestro_prelude(naestro_${name}_test naestro_base_test ${CMAKE_SOURCE_DIR}/tests/testing)
    add_test(NAME ${name} COMMAND naestro_${name}_test --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
endfunction()

# What every source of a kind reads, precompiled once, by the target `first`: the folder's
# prelude.hpp. Where coverage is measured its libraries.hpp alone, since what is precompiled has no
# lines there.
function(naestro_prelude target first folder)
  if(target STREQUAL first)
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")  # for ccache
    if(NAESTRO_SANITIZE)
      target_precompile_headers(${target} PRIVATE ${folder}/libraries.hpp)
    else()
      target_precompile_headers(${target} PRIVATE ${folder}/prelude.hpp)
    endif()
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()

# naestro_embed(OUT.cpp SYMBOL_HEADER FILES...): text files as string literals, so that the binary
# needs none of them at run time. See cmake/embed.cmake.
function(naestro_embed out function)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFUNCTION=${function} "-DFILES=${ARGN}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
endfunction()
