# The binary of scripts/package.sh: archives instead of shared libraries where Debian has them. What
# is compiled stays the same as in the preset "release"; only the links differ. libcurl stays shared
# (Debian has no archives of what it needs), and with it libcrypto, so that one OpenSSL is loaded.
function(naestro_archive target archive)
  find_library(${target}_ARCHIVE ${archive} REQUIRED)
  set_property(TARGET PkgConfig::${target} PROPERTY INTERFACE_LINK_LIBRARIES
               ${${target}_ARCHIVE} ${ARGN})
endfunction()
naestro_archive(SODIUM libsodium.a)
naestro_archive(SQLITE libsqlite3.a m ${CMAKE_DL_LIBS})
naestro_archive(PCRE2 libpcre2-8.a)
naestro_archive(YAML libyaml-cpp.a)
foreach(part json container)
  find_library(BOOST_${part}_ARCHIVE libboost_${part}.a REQUIRED)
  foreach(kind "" _RELEASE _NONE)
    set_property(TARGET Boost::${part} PROPERTY IMPORTED_LOCATION${kind} ${BOOST_${part}_ARCHIVE})
  endforeach()
endforeach()
# DT_RPATH, not DT_RUNPATH: it also holds for what the libraries in lib/ load.
set(CMAKE_BUILD_RPATH "$ORIGIN/../lib")
add_link_options(-static-libstdc++ -static-libgcc -Wl,--disable-new-dtags)
