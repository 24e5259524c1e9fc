# Thin on purpose: the build is CMakeLists.txt, run by cmake-js. This target is for tools that expect a binding.gyp.
{
  "targets": [{
    "target_name": "mft_native",
    "type": "none",
    "actions": [{
      "action_name": "cmake_js",
      "message": "Building with cmake-js",
      "inputs": ["CMakeLists.txt", "package.json", "<!@(node -p \"require('fs').readdirSync('native',{recursive:true}).filter(f=>/\\.(cc|h)$/.test(f)).map(f=>'native/'+f).join(' ')\")"],
      "outputs": ["<(PRODUCT_DIR)/mft_native.node"],
      "action": ["node", "scripts/build-native.mjs"]
    }]
  }]
}
