export { publicAddress } from './address.ts';
export { allowedOrigins, hasMerchantKeys, openChannels, planChannels, type ChannelPlan } from './channels.ts';
export { readSettings, type SettingFault, type Settings } from './settings.ts';
