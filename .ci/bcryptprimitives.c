/* A bcryptprimitives.dll for Wine 8, which has none. Rust's standard library has taken its random bytes from this one
 * function since 1.78, and without the DLL no program of it starts. On Windows the system's own is found first: this one
 * is never shipped. Built and put into the prefix by .ci/windows; a Wine that brings its own (9.0 and later) needs none. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length)
{
    return RtlGenRandom(bytes, (ULONG)length);
}
