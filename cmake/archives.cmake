# Archives instead of shared libraries where Debian has them: most of the time in which the program starts
# would else go into looking up names (7.8 million instructions instead of 0.5). libcurl stays shared,
# Debian has no archives of what it needs, and is loaded when it is needed; of libcrypto SHA-256 alone
# is linked.
function(naestro_archive target archive)
  find_library(${target}_ARCHIVE ${archive} REQUIRED)
  set_property(TARGET PkgConfig::${target} PROPERTY INTERFACE_LINK_LIBRARIES
               ${${target}_ARCHIVE} ${ARGN})
endfunction()
naestro_archive(SODIUM libsodium.a)
naestro_archive(SQLITE libsqlite3.a m ${CMAKE_DL_LIBS})
naestro_archive(PCRE2 libpcre2-8.a)
naestro_archive(YAML libyaml-cpp.a)
naestro_archive(CRYPTO libcrypto.a)
foreach(part json container)
  find_library(BOOST_${part}_ARCHIVE libboost_${part}.a REQUIRED)
  foreach(kind "" _RELEASE _NONE)
    set_property(TARGET Boost::${part} PROPERTY IMPORTED_LOCATION${kind} ${BOOST_${part}_ARCHIVE})
  endforeach()
endforeach()
add_link_options(-static-libstdc++ -static-libgcc)
